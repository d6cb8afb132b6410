package actors

import (
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// limit changes how much a batch takes. What fills has been opened with its limit, so that the next batch is the first to obey.
func (a *aggregator) limit(m messages.Limit) {
	a.settings.perSecond = m.PerSecond
	a.progress.limit(m.PerSecond)
	a.log.Info().Float64("rate.max.per.partition", m.PerSecond).Int64("batch", a.progress.batchID+1).Msg("the rate changes")
	a.ctx.Respond(messages.Accepted{Batch: a.progress.batchID + 1, Time: a.progress.last.Add(a.progress.interval)})
}

func (p *progress) limit(perSecond float64) {
	p.perBatch = perBatch(perSecond, p.interval)
	if p.pace != nil {
		p.pace.bound(perSecond)
	}
}

// perBatch is the most offsets that a partition contributes to a batch; 0 is no limit. A limit that rounds to nothing would stop
// the partition for good (Spark's SPARK-18371 made it unlimited).
func perBatch(perSecond float64, interval time.Duration) int64 {
	if perSecond <= 0 {
		return 0
	}
	return max(int64(perSecond*interval.Seconds()), 1)
}
