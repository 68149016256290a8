"""As whom: tokens, credential plugins, renewal, impersonation."""
