package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

const (
	keyOffsetCommit    = int16(kmsg.OffsetCommit)
	keyTxnOffsetCommit = int16(kmsg.TxnOffsetCommit)
)

// Commit makes the claims' Untils the group's offsets, as one with what was produced since the last end, and with the changes of the
// state, which it writes into the changelog first. An error that wraps
// messages.ErrNotOwner says that they are not this member's to commit; after every error the batch has not been committed,
// except when ctx ended or Close broke it off: then nobody knows, and the next start finds the truth in the committed offsets.
//
// All the ways it can go:
//
//  1. Nothing was produced: an offset commit is atomic by itself. It carries the claim's generation, as a transaction would.
//  2. The claim fails: somebody else has the partitions, or has had them. Abort; nothing of the batch is ever seen.
//  3. The coordinator refuses the offsets: an old generation, an unknown member, a fenced instance name. As 2. A group in the midst
//     of a rebalance refuses only for a moment; by trying again we either get through, or learn that the generation has passed.
//  4. The producer has been fenced (its id was given to a successor, or the brokers aborted the transaction because it took longer
//     than the timeout, which is told). Abort fails as well, so the client is thrown away; its successor takes the id back, and the runner
//     runs the batch again. If it was another process of our name, the group has fenced us before, by group.instance.id: the id is that
//     one's (Source.named), and as 2.
//  5. Process killed before EndTxn is sent: the successor's Open makes the brokers abort. The offsets stand at From, and nobody who
//     reads committed records has seen any. Its records are the next member's to read again: neither lost nor repeated.
//  6. Process killed after EndTxn was sent: the coordinator has noted the commit, and carries it out whatever happens to us, or it has
//     not, and 5 applies. Who takes over asks for stable offsets, and waits for the markers before it hears From or Until.
//  7. The answer to EndTxn does not come, or says nothing certain: settle.
func (t *Transactions) Commit(ctx context.Context, batch time.Time, attempt int, claims []messages.Claim, changes iter.Seq[messages.Changes]) (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() { err = t.late(err) }()
	ctx, cancel := t.bound(ctx)
	defer cancel()
	offsets := behind(batch, attempt, claims)
	if err := t.saveState(ctx, offsets, changes); err != nil {
		return err
	}
	if len(claims) == 0 && !t.begun {
		return nil
	}
	if err := t.open(ctx); err != nil {
		return err
	}
	var c claim
	if len(claims) > 0 {
		if c, err = t.config.Source.claim(ctx, t.writer.client, claims, t.stands); err != nil {
			return err
		}
		if err = t.offsets(ctx, c, offsets); err != nil {
			return err
		}
	}
	if err := t.end(ctx, offsets); err != nil {
		return err
	}
	if t.config.Changelog != nil {
		t.config.Changelog.paid(t.saved)
		t.saved = nil
	}
	for _, o := range offsets {
		t.stands[o.TopicPartition] = stand{c.member, c.generation, o.At}
	}
	t.config.Source.committed(offsets)
	return nil
}

func behind(batch time.Time, attempt int, claims []messages.Claim) []messages.Offset {
	var all []messages.Offset
	for _, r := range claims {
		plan := messages.Plan{Time: batch, Until: r.Until, Attempt: attempt, TopicID: r.TopicID}
		all = append(all, messages.Offset{TopicPartition: r.TopicPartition, At: r.Until, Metadata: plan.Encode()})
	}
	return all
}

// end ends the transaction, if one was begun.
func (t *Transactions) end(ctx context.Context, offsets []messages.Offset) error {
	if !t.begun {
		return nil
	}
	if err := t.known(ctx); err != nil {
		return err
	}
	err := t.writer.client.EndTransaction(ctx, kgo.TryCommit)
	if err == nil {
		t.begun = false
		return nil
	}
	if errors.Is(err, kerr.OperationNotAttempted) || errors.Is(err, kerr.TransactionAbortable) {
		return fmt.Errorf("the transaction: %w", err) // it stays open, and Abort ends it
	}
	return t.settle(ctx, offsets, err)
}

// known waits until the client knows the topics to which records went. When it writes to a topic for the first time, it hands what has waited
// for the topic's metadata to the brokers, and only then notes the topic's partitions (kgo 1.22.2, storePartitionsUpdate). A transaction that
// ends in between (all is acknowledged, but the goroutine that was to note it has not run again) has no partitions for kgo, which then
// aborts it and says nothing: the batch would be lost.
func (t *Transactions) known(ctx context.Context) error {
	for topic := range t.topics {
		for {
			leader, _, err := t.writer.client.PartitionLeader(topic, 0)
			if leader >= 0 || err != nil {
				break
			}
			if time.Since(t.since) > t.config.Timeout || !sleep(ctx, markersWait) {
				return fmt.Errorf("the transaction: the client does not know the partitions of topic %s", topic)
			}
		}
	}
	return nil
}

// settle finds out what became of a transaction whose end is in doubt, and returns nil when it was committed:
//
//   - The client is thrown away. Its request may still be under way somewhere.
//   - A new client asks for the id. The coordinator answers when nothing is open any more: it has carried out the commit, if it had
//     noted it, or aborted, if not. The epoch has risen, so a request of the old client that comes late is refused. The outcome
//     is certain from here on.
//   - The committed offsets tell it: with the transaction, they carry the batch's time, attempt and Until; without, something else.
//     Nobody can have overwritten one of them with the same: the next batch has another time, the next attempt another number.
//
// Brokers that are away are waited for until ctx ends: to run the batch again without knowing could double it. Another process that has
// our name by now goes on from where the group stands, and we run nothing of it again.
func (t *Transactions) settle(ctx context.Context, offsets []messages.Offset, cause error) error {
	t.log.Warn("the end of a transaction is in doubt", "error", cause)
	t.discard()
	for n := 0; ; n++ {
		committed, err := t.ended(ctx, offsets)
		switch {
		case err == nil && committed:
			return nil
		case err == nil:
			return fmt.Errorf("the transaction was not committed: %w", cause)
		case errors.Is(err, messages.ErrRefused), errors.Is(err, messages.ErrNotOwner):
			return fmt.Errorf("whether the transaction was committed cannot be told: %w", err)
		}
		t.log.Warn("whether the transaction was committed is not known yet", "error", err)
		if !sleep(ctx, backoff(n)) {
			return fmt.Errorf("whether the transaction was committed is not known: %w", errors.Join(ctx.Err(), err))
		}
	}
}

func (t *Transactions) ended(ctx context.Context, offsets []messages.Offset) (bool, error) {
	if err := t.open(ctx); err != nil || len(offsets) == 0 {
		return false, err
	}
	partitions := make([]messages.TopicPartition, len(offsets))
	for i, o := range offsets {
		partitions[i] = o.TopicPartition
	}
	stand, err := stableOffsets(ctx, t.writer.client, t.config.Source.config.Group, partitions)
	return err == nil && slices.ContainsFunc(offsets, func(o messages.Offset) bool { return stand[o.TopicPartition] == o }), err
}

// offsets commits them: within the transaction, or plainly when there is none.
func (t *Transactions) offsets(ctx context.Context, c claim, offsets []messages.Offset) error {
	for n := 0; ; n++ {
		err := t.notConcurrent(ctx, func() error { return t.offsetsOnce(ctx, c, offsets) })
		switch {
		case err == nil:
			return nil
		case t.config.Source.disowned(err), errors.Is(err, kerr.RebalanceInProgress) && n >= rebalanceTries:
			return fmt.Errorf("%w: %w", messages.ErrNotOwner, err)
		case !passing(err):
			return fmt.Errorf("the offsets: %w", t.config.Source.explain(err))
		}
		if n >= rebalanceTries || !sleep(ctx, backoff(n)/5) {
			return fmt.Errorf("the offsets: %w", errors.Join(ctx.Err(), err))
		}
	}
}

// notConcurrent tries again while the coordinator says that it is still busy with a transaction: with the end of the one before, or with
// the first record of this one. kgo does the same with the requests that it makes itself. It gives up when the brokers do.
func (t *Transactions) notConcurrent(ctx context.Context, try func() error) error {
	for wait := markersWait; ; wait = min(2*wait, markersWaitMax) {
		err := try()
		if !errors.Is(err, kerr.ConcurrentTransactions) || time.Since(t.since) > t.config.Timeout || !sleep(ctx, wait) {
			return err
		}
	}
}

func (t *Transactions) offsetsOnce(ctx context.Context, c claim, offsets []messages.Offset) error {
	client := t.writer.client
	if !t.begun {
		request := t.plainRequest(c, offsets)
		response, err := request.RequestWith(ctx, client)
		return verdict(request, response, err)
	}
	id, epoch, err := client.ProducerID(ctx)
	if err != nil {
		return err
	}
	if t.old {
		if err := t.addGroup(ctx, id, epoch); err != nil {
			return err
		}
	}
	request := t.request(c, offsets, id, epoch)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	return txnVerdict(request, response)
}
