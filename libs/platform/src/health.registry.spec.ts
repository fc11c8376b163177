import { Logger } from '@nestjs/common';
import { HealthRegistry } from './health.registry.js';

describe('HealthRegistry', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('ORC-113 the report has status, checks by name, metrics and timestamp', async () => {
    const health = new HealthRegistry();
    health.register('broker', () => 'healthy');
    health.register('database', async () => undefined);
    health.registerMetric('connected_sockets', () => 12);
    const report = await health.report();
    expect(report).toEqual({
      status: 'healthy',
      checks: { broker: 'healthy', database: 'healthy' },
      metrics: { connected_sockets: 12, memory_used_mb: expect.any(Number), uptime_seconds: expect.any(Number) },
      timestamp: expect.stringMatching(/Z$/),
    });
  });

  it('ORC-114 a critical failure is unhealthy, another one degraded', async () => {
    const health = new HealthRegistry();
    const fail = (): Promise<never> => Promise.reject(new Error('away'));
    health.register('database', () => undefined);
    health.register('collector', fail, { critical: false });
    expect((await health.report()).status).toBe('degraded');
    health.register('database', fail);
    expect(await health.report()).toMatchObject({
      status: 'unhealthy',
      checks: { database: 'unhealthy', collector: 'degraded' },
    });
  });

  it('is ready only between start and stop, and while nothing critical is down', async () => {
    const health = new HealthRegistry();
    health.register('broker', () => 'degraded');
    expect(await health.isReady()).toBe(false);
    health.markRunning();
    expect(await health.isReady()).toBe(true);
    health.register('database', () => 'unhealthy');
    expect(await health.isReady()).toBe(false);
    health.register('database', () => 'healthy');
    health.markStopping();
    expect(await health.isReady()).toBe(false);
  });

  it('gives up on a check that does not answer', async () => {
    const health = new HealthRegistry();
    health.register('database', () => new Promise(() => undefined));
    expect((await health.report()).checks).toEqual({ database: 'unhealthy' });
  });

  it('shares one report among calls that come together', async () => {
    const health = new HealthRegistry();
    let runs = 0;
    health.register('database', () => void (runs += 1));
    await Promise.all(Array.from({ length: 50 }, () => health.report()));
    expect(runs).toBe(1);
  });
});
