"""The only place that knows everything: configuration, wiring, roles, the supervisor and the command line."""
