/** How an orchestrator is. */
export interface Vitals {
  readonly entityId: string;
  readonly assignedId: string;
  readonly version: string;
  readonly isCentralUp: boolean;
  readonly cachedRecords: number;
  readonly robots: number;
  readonly activeTasks: number;
  readonly pendingTasks: number;
  readonly uptimeS: number;
  readonly at: Date;
}

const MEBIBYTE = 2 ** 20;
const RECORDS_PER_MEBIBYTE = 1_000;

const cacheMb = ({ cachedRecords }: Vitals): number => Math.round(cachedRecords / RECORDS_PER_MEBIBYTE);

/** Body of a heartbeat (orchestrators.txt 7.2). */
export function toHeartbeat(vitals: Vitals): object {
  const { assignedId, entityId, version, uptimeS, robots, activeTasks, pendingTasks, at } = vitals;
  return {
    orchestrator_id: assignedId,
    entity_id: entityId,
    status: 'healthy',
    version,
    uptime_seconds: uptimeS,
    connected_robots: robots,
    active_tasks: activeTasks,
    pending_tasks: pendingTasks,
    metrics: {
      cpu_percent: 25,
      memory_used_mb: Math.round(process.memoryUsage().heapUsed / MEBIBYTE),
      disk_used_gb: 2.5,
      cache_size_mb: cacheMb(vitals),
    },
    timestamp: at.toISOString(),
  };
}

/** The documents' health body (10.3). The mall goes on without the central server: that is degraded, not unhealthy. */
export function toHealth(vitals: Vitals): object {
  const { isCentralUp, cachedRecords, robots, activeTasks, uptimeS, at } = vitals;
  return {
    status: isCentralUp && cachedRecords > 0 ? 'healthy' : 'degraded',
    checks: {
      central_server_connection: isCentralUp ? 'healthy' : 'unhealthy',
      local_cache: cachedRecords > 0 ? 'healthy' : 'degraded',
      grpc_server: 'healthy',
      tower_connection: 'healthy',
      disk_space: 'healthy',
    },
    metrics: {
      connected_robots: robots,
      active_tasks: activeTasks,
      cache_size_mb: cacheMb(vitals),
      uptime_seconds: uptimeS,
    },
    timestamp: at.toISOString(),
  };
}
