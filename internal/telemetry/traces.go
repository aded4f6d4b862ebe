package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/models"
)

// traces sends a span for each request, for its operation, for what resolvers read together, and for each statement.
type traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// tracing says whether the standard variables of OpenTelemetry ask for traces.
func tracing(log *slog.Logger) bool {
	endpoint := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") + os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	if endpoint == "" || strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	protocol := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	if protocol != "" && protocol != "http/protobuf" {
		log.Warn("no traces are sent: only the protocol http/protobuf is known", "protocol", protocol)
		return false
	}
	return true
}

// newTraces sends traces to where the standard variables of OpenTelemetry say, which also choose what is sampled.
func newTraces(build Build, log *slog.Logger) (*traces, error) {
	ctx := context.Background()
	// What it says of variables that it cannot read has their values with it, which may be secrets.
	otel.SetLogger(logr.FromSlogHandler(withoutValues{log.Handler()}))
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	named, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "placard"), attribute.String("service.version", build.Version)), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces", "error", harmless(err)) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(named))
	return &traces{provider, provider.Tracer("github.com/placard/placard")}, nil
}

var userOfURL = regexp.MustCompile(`//[^/\s"]*@`)

// mostError is how many bytes of what a collector says the log shows.
const mostError = 500

// harmless is an error without the user and the password of the collector's URL, which it repeats.
func harmless(err error) string {
	text := userOfURL.ReplaceAllString(err.Error(), "//…@")
	return text[:min(len(text), mostError)]
}

// withoutValues writes what OpenTelemetry has to say without its attributes.
type withoutValues struct{ slog.Handler }

// Enabled leaves out what is of interest to nobody but its authors.
func (h withoutValues) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// Handle writes a line.
func (h withoutValues) Handle(ctx context.Context, line slog.Record) error {
	said := slog.NewRecord(line.Time, line.Level, "traces: a variable of OpenTelemetry is wrong", line.PC)
	said.AddAttrs(slog.String("problem", line.Message))
	return h.Handler.Handle(ctx, said)
}

// WithAttrs is the handler itself: attributes are left out.
func (h withoutValues) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup is the handler itself.
func (h withoutValues) WithGroup(string) slog.Handler { return h }

// mostSpans is how many spans an operation may have beside its own. What is beyond is counted.
const mostSpans = 500

type spansKey struct{}

// room says whether the operation of ctx is traced and may have one more span.
func room(ctx context.Context) bool {
	asked, ok := ctx.Value(spansKey{}).(*atomic.Int64)
	return ok && asked.Add(1) <= mostSpans
}

// begin starts the spans of a request and of its operation, below the span of the client if that says so.
func (t *traces) begin(ctx context.Context, r *http.Request) (context.Context, func(*gqlhttp.Summary)) {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	ctx, request := t.tracer.Start(ctx, r.Method+" /graphql", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("http.route", "/graphql"),
		attribute.String("placard.request_id", requestid.FromContext(ctx))))
	ctx, operation := t.tracer.Start(ctx, "operation")
	if !operation.IsRecording() {
		return ctx, func(*gqlhttp.Summary) { operation.End(); request.End() }
	}
	asked := &atomic.Int64{}
	ctx = context.WithValue(ctx, spansKey{}, asked)
	return ctx, func(o *gqlhttp.Summary) {
		name := o.Name[:min(len(o.Name), mostName)]
		operation.SetName(strings.TrimSpace(o.Type + " " + name))
		operation.SetAttributes(attribute.String("graphql.operation.type", o.Type), attribute.String("graphql.operation.name", name),
			attribute.String("placard.hash", o.Hash()), attribute.String("placard.code", o.Code), attribute.Int64("placard.cost", o.Cost),
			attribute.Float64("placard.waited", o.QueueTime.Seconds()))
		if omitted := asked.Load() - mostSpans; omitted > 0 {
			operation.SetAttributes(attribute.Int64("placard.spans_omitted", omitted))
		}
		if o.Code != gqlhttp.CodeOK {
			operation.SetStatus(codes.Error, o.Code)
		}
		operation.End()
		request.End()
	}
}

// group starts the span of what resolvers read together.
func (t *traces) group(ctx context.Context, field string, objects int) (context.Context, func(error)) {
	if !room(ctx) {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, field, trace.WithAttributes(attribute.Int("placard.objects", objects)))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, string(models.CodeOf(err)))
		}
		span.End()
	}
}

// statement sends the span of a statement that has ended.
func (t *traces) statement(ctx context.Context, begin time.Time, took time.Duration, text func() string, err error) {
	if !room(ctx) {
		return
	}
	_, span := t.tracer.Start(ctx, "SQL", trace.WithTimestamp(begin), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("db.query.text", text())))
	if err != nil {
		span.SetStatus(codes.Error, "failed")
	}
	span.End(trace.WithTimestamp(begin.Add(took)))
}

// flushTime is how long the end of the process waits for traces to be sent.
const flushTime = 5 * time.Second

func (t *traces) stop(log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		log.Warn("the last traces could not be sent", "error", harmless(err))
	}
}
