package telemetry

import (
	"cmp"
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

// traces sends spans of requests, operations, batches of a field, and statements.
type traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// tracesEnabled reports whether the standard variables of OpenTelemetry configure an endpoint with a supported
// protocol.
func tracesEnabled(log *slog.Logger) bool {
	endpoint := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") + os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	if endpoint == "" || strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") ||
		os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	protocol := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"))
	if protocol != "" && protocol != "http/protobuf" {
		log.Warn("sending no traces: the protocol must be http/protobuf", "protocol", protocol)
		return false
	}
	return true
}

// newTraces configures the exporter and the sampler by the standard variables of OpenTelemetry.
func newTraces(build Build, log *slog.Logger) (*traces, error) {
	ctx := context.Background()
	// OpenTelemetry logs the values of invalid variables, which may be secrets.
	otel.SetLogger(logr.FromSlogHandler(redactingHandler{log.Handler()}))
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	service, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "placard"), attribute.String("service.version", build.Version)),
		resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("sending traces failed", "error", redactError(err))
	}))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(service))
	return &traces{provider, provider.Tracer("github.com/placard/placard")}, nil
}

var urlUser = regexp.MustCompile(`//[^/\s"]*@`)

// maxErrorBytes is the length of a logged error, which may contain a response of the collector.
const maxErrorBytes = 500

// redactError returns the text of an error without the user and the password of the collector's URL.
func redactError(err error) string {
	text := urlUser.ReplaceAllString(err.Error(), "//…@")
	return text[:min(len(text), maxErrorBytes)]
}

// redactingHandler logs warnings and errors of OpenTelemetry without their attributes.
type redactingHandler struct{ slog.Handler }

func (h redactingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h redactingHandler) Handle(ctx context.Context, record slog.Record) error {
	redacted := slog.NewRecord(record.Time, record.Level, "a variable of OpenTelemetry is invalid", record.PC)
	redacted.AddAttrs(slog.String("problem", record.Message))
	return h.Handler.Handle(ctx, redacted)
}

func (h redactingHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h redactingHandler) WithGroup(string) slog.Handler { return h }

// maxSpans is the number of spans of an operation without its own. More spans are only counted.
const maxSpans = 500

type spanCountKey struct{}

// allowSpan counts a span and reports whether the operation of ctx is sampled and has fewer than maxSpans.
func allowSpan(ctx context.Context) bool {
	spans, ok := ctx.Value(spanCountKey{}).(*atomic.Int64)
	return ok && spans.Add(1) <= maxSpans
}

// startRequest starts the spans of a request and of its operation. A header traceparent of the client names their
// parent.
func (t *traces) startRequest(ctx context.Context, r *http.Request) (context.Context, func(*gqlhttp.Summary)) {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	ctx, request := t.tracer.Start(ctx, r.Method+" /graphql", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(
			attribute.String("http.request.method", r.Method), attribute.String("http.route", "/graphql"),
			attribute.String("placard.request_id", requestid.FromContext(ctx))))
	ctx, operation := t.tracer.Start(ctx, "operation")
	if !operation.IsRecording() {
		return ctx, func(*gqlhttp.Summary) { operation.End(); request.End() }
	}
	spans := &atomic.Int64{}
	ctx = context.WithValue(ctx, spanCountKey{}, spans)
	return ctx, func(o *gqlhttp.Summary) {
		name := o.Name[:min(len(o.Name), maxNameBytes)]
		operation.SetName(strings.TrimSpace(o.Type + " " + name))
		operation.SetAttributes(attribute.String("graphql.operation.type", o.Type),
			attribute.String("graphql.operation.name", name),
			attribute.String("placard.hash", o.Hash()), attribute.String("placard.code", o.Code),
			attribute.Int64("placard.cost", o.Cost),
			attribute.Float64("placard.queue_wait", o.QueueTime.Seconds()))
		if omitted := spans.Load() - maxSpans; omitted > 0 {
			operation.SetAttributes(attribute.Int64("placard.spans_omitted", omitted))
		}
		if o.Code != gqlhttp.CodeOK {
			operation.SetStatus(codes.Error, o.Code)
		}
		operation.End()
		request.End()
	}
}

// startBatch starts the span of a batch that resolvers of a field read together.
func (t *traces) startBatch(ctx context.Context, field string, objects int) (context.Context, func(error)) {
	if !allowSpan(ctx) {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, field, trace.WithAttributes(attribute.Int("placard.batch_size", objects)))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, string(models.CodeOf(err)))
		}
		span.End()
	}
}

// addStatement sends the span of a statement after its end.
func (t *traces) addStatement(ctx context.Context, start time.Time, duration time.Duration, text func() string, err error) {
	if !allowSpan(ctx) {
		return
	}
	_, span := t.tracer.Start(ctx, "SQL", trace.WithTimestamp(start), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("db.query.text", text())))
	if err != nil {
		span.SetStatus(codes.Error, "failed")
	}
	span.End(trace.WithTimestamp(start.Add(duration)))
}

// flushTimeout is the time in which the last traces are sent at the end of the process.
const flushTimeout = 5 * time.Second

func (t *traces) stop(log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		log.Warn("sending the last traces failed", "error", redactError(err))
	}
}
