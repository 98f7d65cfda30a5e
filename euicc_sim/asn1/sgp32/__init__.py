"""The types of GSMA SGP.32, a module for each subject of SGP32Definitions, and other versions."""
