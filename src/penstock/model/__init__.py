"""The words of the platform: series, readings, events, units, time, errors. Imports the standard library, numpy, pyarrow."""
