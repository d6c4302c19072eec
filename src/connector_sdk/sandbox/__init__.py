"""The embedded venue: a real exchange on loopback, with faults on demand.

`venue.EmbeddedVenue` hosts it on sockets, `memory_transport.MemoryVenue` in memory under a given
clock; both host a `core.VenueCore`, which speaks through a plugin's `dialect.Dialect`, keeps a
`journal.Journal` of what truly happened, and does what a `fault_plan.FaultPlan` says.
"""
