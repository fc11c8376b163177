import { isAllowed, type Principal } from '#libs/auth';
import { MusterError, type TaskReader, type TaskReport, type TaskReporter } from '#libs/contracts';
import { entityOf } from '../isolation/entity.access.js';
import { requesterOf } from '../http/requester.js';

/** What a caller may read, by the most that its roles allow. */
export function readerOf(caller: Principal): TaskReader {
  const { by } = requesterOf(caller);
  const { id, scope } = caller;
  if (scope?.role === 'robot') return { as: 'robot', by, entityId: scope.entityId, robotIds: [id, ...scope.aliases] };
  if (scope) return { as: 'orchestrator', by, entityId: entityOf(caller) };
  if (isAllowed('Operator', caller)) return { as: 'operator', by };
  return { as: isAllowed('Viewer', caller) ? 'viewer' : 'author', by };
}

/** The entity is the token's; a robot speaks of its own tasks alone. */
export function reporterOf(caller: Principal): TaskReporter {
  const { by } = requesterOf(caller);
  const { id, scope } = caller;
  if (scope?.role !== 'robot') return { by, entityId: entityOf(caller), robotIds: null };
  return { by, entityId: scope.entityId, robotIds: [id, ...scope.aliases] };
}

/**
 * A report as its reporter may make it: a robot need not name itself, and may name nobody else.
 * @throws MusterError `ENTITY_ACCESS_DENIED`.
 */
export function ownReport(report: TaskReport, { robotIds }: TaskReporter): TaskReport {
  if (robotIds === null) return report;
  const [robotId] = robotIds;
  if (report.robot_id === null || robotId === undefined) return report;
  if (robotIds.includes(report.robot_id)) return report;
  throw new MusterError('ENTITY_ACCESS_DENIED', 'The token is not for what the request names.');
}
