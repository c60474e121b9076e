// Sentry's Go SDK as an application uses it. Prints a JSON line for each thing that it hands to its transport.
//
// Usage: client DSN
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/getsentry/sentry-go"
)

var printing sync.Mutex

func report(what map[string]any) {
	line, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

func main() {
	err := sentry.Init(sentry.ClientOptions{
		Dsn:              os.Args[1],
		EnableTracing:    true,
		TracesSampleRate: 1,
		Release:          "shop@1.2.3",
		Environment:      "test",
		ServerName:       "web-3",
		AttachStacktrace: true,
		BeforeSend: func(event *sentry.Event, _ *sentry.EventHint) *sentry.Event {
			last, frames := sentry.Exception{}, 0
			for _, one := range event.Exception {
				last = one
				if one.Stacktrace != nil {
					frames += len(one.Stacktrace.Frames)
				}
			}
			report(map[string]any{"kind": "event", "id": string(event.EventID), "level": string(event.Level),
				"type": last.Type, "value": last.Value, "exceptions": len(event.Exception), "frames": frames,
				"breadcrumbs": len(event.Breadcrumbs)})
			return event
		},
		BeforeSendTransaction: func(event *sentry.Event, _ *sentry.EventHint) *sentry.Event {
			report(map[string]any{"kind": "transaction", "id": string(event.EventID), "transaction": event.Transaction})
			return event
		},
		BeforeSendLog: func(log *sentry.Log) *sentry.Log {
			report(map[string]any{"kind": "log", "message": log.Body})
			return log
		},
	})
	if err != nil {
		panic(err)
	}
	cause := errors.New("no such order: 4711x")
	sentry.CaptureException(fmt.Errorf("checkout: %w", cause))
	sentry.WithScope(func(scope *sentry.Scope) {
		scope.SetLevel(sentry.LevelWarning)
		sentry.CaptureMessage("disk nearly full")
	})
	for n := 0; n < 20; n++ {
		sentry.AddBreadcrumb(&sentry.Breadcrumb{Category: "step", Message: fmt.Sprintf("step %d", n)})
	}
	sentry.ConfigureScope(func(scope *sentry.Scope) { scope.SetUser(sentry.User{ID: "42", Username: "søren"}) })
	sentry.CaptureException(errors.New("注文\x00\u2028 🚨,;|\\'\"\t"))
	sentry.CaptureException(errors.New(strings.Repeat("x", 20000)))
	sentry.WithScope(func(scope *sentry.Scope) {
		state := make([]byte, 1024)
		for i := range state {
			state[i] = byte(i)
		}
		scope.AddAttachment(&sentry.Attachment{Filename: "state.bin", Payload: state})
		sentry.CaptureMessage("with attachments")
	})
	func() {
		defer sentry.Recover()
		var empty []int
		_ = empty[5]
	}()
	transaction := sentry.StartTransaction(context.Background(), "checkout")
	transaction.StartChild("db").Finish()
	transaction.Finish()
	logger := sentry.NewLogger(context.Background())
	logger.Info().Emit("paid by søren")
	logger.Error().Emit("not paid")
	id := sentry.CaptureCheckIn(&sentry.CheckIn{MonitorSlug: "nightly", Status: sentry.CheckInStatusOK, Duration: time.Second}, nil)
	report(map[string]any{"kind": "check_in", "id": string(*id)})
	if !sentry.Flush(20 * time.Second) {
		fmt.Fprintln(os.Stderr, "not all was sent")
		os.Exit(1)
	}
}
