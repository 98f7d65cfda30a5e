"""The types of GSMA SGP.22, a module for each subject of RSPDefinitions."""
