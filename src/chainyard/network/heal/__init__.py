"""After a crash: give every client what it lost, before any validator votes.

Execution clients first, from the journal, and before their beacon nodes talk to them: an execution
client that is told of a head it does not know begins a sync that no peer can serve when all went
down together. Then beacon nodes, from the journal. Then each pair is compared once more, for the
blocks that a beacon node kept and that the journal had not got yet. Nothing is rewound.
"""
