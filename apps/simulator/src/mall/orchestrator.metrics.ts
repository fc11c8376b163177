import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';

/** The five families of orchestrators.txt 10.1, of one orchestrator. */
export class OrchestratorMetrics {
  private readonly registry = new Registry();

  readonly uptimePercent = new Gauge({
    name: 'orchestrator_connection_uptime_percent',
    help: 'Share of its life in which the event stream was up',
    registers: [this.registry],
  });

  readonly eventSeconds = new Summary({
    name: 'orchestrator_event_processing_seconds',
    help: 'From an event’s arrival until it is dealt with',
    percentiles: [0.5, 0.95, 0.99],
    registers: [this.registry],
  });

  readonly syncSeconds = new Histogram({
    name: 'orchestrator_sync_duration_seconds',
    help: 'Duration of a sync',
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers: [this.registry],
  });

  readonly firmwareHitRate = new Gauge({
    name: 'orchestrator_firmware_cache_hit_rate',
    help: 'Share of firmware requests that the shelf could serve',
    registers: [this.registry],
  });

  readonly assignmentSuccessRate = new Gauge({
    name: 'orchestrator_task_assignment_success_rate',
    help: 'Share of tasks for which a robot was found at once',
    registers: [this.registry],
  });

  readonly uploads = new Counter({
    name: 'orchestrator_uploaded_reports_total',
    help: 'Reports that the central server took or refused for good',
    registers: [this.registry],
  });

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
