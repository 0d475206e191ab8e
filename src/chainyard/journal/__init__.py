"""Every signed beacon block that a network has seen, appended as it came.

Consensus and execution clients write to disk at different moments. After a crash of all of them
either may lack what the other has, and no peer has it, either. What is in the journal can be handed
to both again, so nothing is rewound that a validator has voted on.
"""
