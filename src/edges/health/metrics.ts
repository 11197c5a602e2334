import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RequestFacts } from '../request-facts.ts'

/** The measures of one server; names carry their unit, as Prometheus asks. */
export interface Metrics {
  observeRequest(facts: RequestFacts, status: number, seconds: number, bytes: number): void
  observeJob(kind: string, outcome: 'done' | 'failed', seconds: number): void
  /** An attempt to send a message to a sink of that kind. */
  observeDelivery(kind: string, outcome: 'delivered' | 'failed' | 'dead'): void
  /** Segments of the audit log that gave way to newer ones. */
  observeAuditRemoval(segments: number): void
  text(): Promise<{ readonly contentType: string; readonly body: string }>
}

/** What is measured when somebody asks. */
export interface Gauges {
  readonly queuedJobs: () => Promise<number>
  readonly auditBytes: () => Promise<number>
  /** How far whoever is told lags behind what happened, and what waits, by kind of sink. */
  readonly notifications: () => Promise<{
    readonly lagSeconds: number
    readonly queues: readonly {
      readonly kind: string
      readonly waiting: number
      readonly dead: number
    }[]
  }>
}

export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'pratique_' })
  const registers = [registry]
  const labels = ['door', 'operation', 'status']
  const requests = new Counter({
    name: 'pratique_requests_total',
    help: 'Requests by door, operation and status.',
    labelNames: labels,
    registers,
  })
  const durations = new Histogram({
    name: 'pratique_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['door', 'operation'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers,
  })
  const bytes = new Counter({
    name: 'pratique_response_bytes_total',
    help: 'Bytes of answers, without headers.',
    labelNames: ['door'],
    registers,
  })
  const decisions = new Counter({
    name: 'pratique_authorization_decisions_total',
    help: 'Decisions by result and action.',
    labelNames: ['decision', 'action'],
    registers,
  })
  const jobs = new Histogram({
    name: 'pratique_job_duration_seconds',
    help: 'Background jobs by kind and outcome.',
    labelNames: ['kind', 'outcome'],
    buckets: [0.01, 0.1, 1, 10, 60, 600],
    registers,
  })
  // Registers itself; it is asked when it is collected.
  void new Gauge({
    name: 'pratique_jobs_waiting',
    help: 'Jobs that wait or run.',
    registers,
    async collect() {
      this.set(await gauges.queuedJobs())
    },
  })
  void new Gauge({
    name: 'pratique_audit_log_bytes',
    help: 'What the audit log takes of the disk.',
    registers,
    async collect() {
      this.set(await gauges.auditBytes())
    },
  })
  const removedSegments = new Counter({
    name: 'pratique_audit_segments_removed_total',
    help: 'Segments of the audit log that were removed since it had its greatest size.',
    registers,
  })
  const observeDelivery = measureNotifications(registers, gauges)
  return {
    observeDelivery,
    observeRequest(facts, status, seconds, size) {
      const { door, operation } = facts
      requests.inc({ door, operation, status: String(status) })
      durations.observe({ door, operation }, seconds)
      bytes.inc({ door }, size)
      const { decision, action } = facts
      if (decision !== undefined && action !== undefined) decisions.inc({ decision, action })
    },
    observeAuditRemoval: (segments) => removedSegments.inc(segments),
    observeJob: (kind, outcome, seconds) => jobs.observe({ kind, outcome }, seconds),
    text: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}

function measureNotifications(
  registers: Registry[],
  { notifications }: Gauges,
): Metrics['observeDelivery'] {
  const deliveries = new Counter({
    name: 'pratique_notification_deliveries_total',
    help: 'Attempts to send a message, by kind of sink and outcome; dead: nobody took it, and it is not tried again.',
    labelNames: ['kind', 'outcome'],
    registers,
  })
  void new Gauge({
    name: 'pratique_notification_lag_seconds',
    help: 'Age of the oldest event that was not yet made into messages.',
    registers,
    async collect() {
      this.set((await notifications()).lagSeconds)
    },
  })
  void new Gauge({
    name: 'pratique_notifications_waiting',
    help: 'Messages that wait to be sent, by kind of sink.',
    labelNames: ['kind'],
    registers,
    async collect() {
      this.reset()
      for (const { kind, waiting } of (await notifications()).queues) this.set({ kind }, waiting)
    },
  })
  void new Gauge({
    name: 'pratique_notification_dead_letters',
    help: 'Messages that nobody took and that are kept, by kind of sink.',
    labelNames: ['kind'],
    registers,
    async collect() {
      this.reset()
      for (const { kind, dead } of (await notifications()).queues) this.set({ kind }, dead)
    },
  })
  return (kind, outcome) => deliveries.inc({ kind, outcome })
}
