"""Provider districts at run time: their adapters, their failures, and what operators are told of them."""
