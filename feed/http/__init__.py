"""The feed's HTTP interface, one module a resource."""
