"""Remote SIM provisioning: authentication, download and installation of a Profile."""
