"""The contact list: who is trusted, how one comes onto it and how one goes."""
