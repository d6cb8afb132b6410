package console

// Request is what a client writes: one JSON object a line. It is a line to execute, a line to complete, or the wish to cancel.
//
//	{"id":1,"line":"status","output":"json"}
//	{"id":2,"line":"batches --o","complete":true}
//	{"id":1,"cancel":true}
type Request struct {
	// ID is the client's number for the line; the replies carry it.
	ID int64 `json:"id"`
	Line
	Complete bool `json:"complete,omitempty"`
	// Cancel ends the line that ID names, if it is waiting or under way.
	Cancel bool `json:"cancel,omitempty"`
}

// Reply is what a client reads: any number of pieces of output, then one with done.
//
//	{"id":1,"out":"…"}
//	{"id":1,"err":"…"}
//	{"id":1,"done":true,"code":0}
//	{"id":2,"done":true,"code":0,"candidates":[{"text":"--output","description":"…"}]}
type Reply struct {
	ID  int64  `json:"id"`
	Out string `json:"out,omitempty"`
	Err string `json:"err,omitempty"`
	*Done
}

// Done is the last reply to a request.
type Done struct {
	Done bool `json:"done"`
	Outcome
	Candidates []Candidate `json:"candidates,omitempty"`
}

// longestLine bounds one request, so that no client fills the memory.
const longestLine = 1 << 20

func done(id int64, o Outcome, candidates []Candidate) Reply {
	return Reply{ID: id, Done: &Done{Done: true, Outcome: o, Candidates: candidates}}
}

// replyWriter hands what is written to it on as replies.
type replyWriter struct {
	reply func(Reply)
	wrap  func(text string) Reply
}

func (w replyWriter) Write(p []byte) (int, error) {
	if len(p) > 0 {
		w.reply(w.wrap(string(p)))
	}
	return len(p), nil
}

func outWriter(id int64, reply func(Reply)) replyWriter {
	return replyWriter{reply, func(text string) Reply { return Reply{ID: id, Out: text} }}
}

func errWriter(id int64, reply func(Reply)) replyWriter {
	return replyWriter{reply, func(text string) Reply { return Reply{ID: id, Err: text} }}
}
