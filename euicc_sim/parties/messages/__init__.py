"""What several parties need: words, errors, addresses, reading and writing of shared objects."""
