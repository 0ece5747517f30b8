package compose

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

// sayEvery is how often the progress of one image is said at most.
const sayEvery = 500 * time.Millisecond

// pulled tells how far the pull of an image is. It is used by one goroutine.
type pulled struct {
	image  string
	say    Say
	now    func() time.Time
	layers map[string]layer
	share  int // percent said last; it never goes back, though layers turn up late
	said   time.Time
}

// layer is what is known of a layer's download, in bytes.
type layer struct{ have, size int64 }

func newPulled(image string, say Say) *pulled {
	return &pulled{image: image, say: say, now: time.Now, layers: map[string]layer{}}
}

// follow says the progress until the pull has ended.
func (p *pulled) follow(ctx context.Context, stream client.ImagePullResponse) error {
	p.tell("pulling")
	for message, err := range stream.JSONMessages(ctx) {
		switch {
		case err != nil:
			return err
		case message.Error != nil:
			return message.Error
		case message.Progress != nil && message.Status == "Downloading":
			p.layers[message.ID] = layer{have: message.Progress.Current, size: message.Progress.Total}
		case message.Status == "Download complete":
			known := p.layers[message.ID]
			p.layers[message.ID] = layer{have: known.size, size: known.size}
		}
		p.moved()
	}
	p.tell("pulled")
	return nil
}

// moved says the share of the bytes that are here, if it has grown and the
// last line is old enough.
func (p *pulled) moved() {
	var have, size int64
	for _, l := range p.layers {
		have, size = have+l.have, size+l.size
	}
	if size <= 0 || p.now().Sub(p.said) < sayEvery {
		return
	}
	if share := int(have * 100 / size); share > p.share {
		p.share = share
		p.tell(fmt.Sprintf("pulling %d %%", share))
	}
}

func (p *pulled) tell(what string) {
	p.said = p.now()
	p.say(release.EventProgress, "image "+p.image+" "+what)
}
