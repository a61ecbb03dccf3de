"""Foundation: tells other systems what happened, by an outbox that the worker delivers from."""
