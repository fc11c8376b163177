import { Counter, Gauge, Histogram, register } from 'prom-client';

export const connections = new Gauge({
  name: 'muster_orchestrator_connections',
  help: 'Event streams of orchestrators that are open at this gateway',
  labelNames: ['protocol'],
  registers: [register],
});

export const fanOut = new Histogram({
  name: 'muster_orchestrator_event_fanout_seconds',
  help: 'From the publish of an event to its hand-over to a connection; replays are not counted',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  registers: [register],
});

export const resyncs = new Counter({
  name: 'muster_orchestrator_resyncs_total',
  help: 'Times an orchestrator was told to read everything anew',
  labelNames: ['reason'],
  registers: [register],
});

export const slowConnections = new Counter({
  name: 'muster_orchestrator_too_slow_total',
  help: 'Event streams cut off because the client read too slowly',
  registers: [register],
});
