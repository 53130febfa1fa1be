"""The control socket: how a running server is asked and told things by whoever may write to its socket."""
