"""The department's own account of its programme: reconciled, monitored, and used to look ahead."""
