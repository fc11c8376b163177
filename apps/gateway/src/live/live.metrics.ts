import { Counter, Gauge, register } from 'prom-client';

export const watchedGroups = new Gauge({
  name: 'muster_live_groups',
  help: 'Groups that someone watches on this gateway',
  registers: [register],
});

export const watchers = new Gauge({
  name: 'muster_live_subscriptions',
  help: 'Subscriptions to live groups on this gateway',
  registers: [register],
});

export const replayedMessages = new Counter({
  name: 'muster_live_replayed_total',
  help: 'Messages replayed to clients that came back',
  registers: [register],
});

export const heals = new Counter({
  name: 'muster_live_heals_total',
  help: 'Times a live group replayed what its connection had missed',
  registers: [register],
});

export const resyncs = new Counter({
  name: 'muster_live_resyncs_total',
  help: 'Times clients were told to read a snapshot instead of a replay',
  labelNames: ['reason'],
  registers: [register],
});

export const refusedFrames = new Counter({
  name: 'muster_live_refused_total',
  help: 'Live messages that were not fit for a client',
  registers: [register],
});
