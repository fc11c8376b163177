import { Counter, Gauge, register } from 'prom-client';

export const openSockets = new Gauge({
  name: 'muster_hub_sockets',
  help: 'Sockets connected to the hub of this gateway',
  registers: [register],
});

export const slowSockets = new Counter({
  name: 'muster_hub_too_slow_total',
  help: 'Groups left because the client read too slowly',
  registers: [register],
});
