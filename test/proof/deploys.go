package main

import "context"

func (p *proof) deploys(ctx context.Context) error { return nil }
