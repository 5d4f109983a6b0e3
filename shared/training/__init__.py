"""Fine-tuning: examples with per-segment loss masks, and the loop that learns from them."""
