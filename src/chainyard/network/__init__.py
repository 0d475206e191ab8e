"""Networks: made, brought up, watched, stopped, removed."""
