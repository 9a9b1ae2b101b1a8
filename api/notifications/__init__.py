"""What Alipay sends: verified, handed to its payment or kept, and acknowledged."""
