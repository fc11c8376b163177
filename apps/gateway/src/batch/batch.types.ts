import { Injectable, type Type } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import type { BatchType } from '#libs/contracts';

/** How an edge takes one report, wherever it came from; `request` is the upload, for whoever makes URLs of its host. */
type Take<Report extends object> = (report: Report, caller: Principal, request: FastifyRequest) => Promise<unknown>;

export interface BatchHandler {
  /** The DTO that the report is checked against, as the body of its own route is. */
  readonly dto: Type<object>;
  readonly take: Take<object>;
  /** HTTP status of its own route when it is taken. */
  readonly status: number;
}

/**
 * The kinds of report that `POST /api/orchestrators/batch` takes. An edge adds each of its own in its constructor, with the
 * handler of the report's own route, so that a queued report is checked and taken as one that was sent at once. Its module
 * imports `BatchTypesModule`:
 *
 *     constructor(private readonly rpc: RpcClient, batch: BatchTypes) {
 *       batch.add('beacon_heartbeat', BeaconHeartbeatRequest, (report, caller) => this.heartbeat(report, caller));
 *     }
 *
 * The entity guard has looked through the whole upload by then, and the report is validated by its DTO. What the handler
 * throws becomes the item's error.
 */
@Injectable()
export class BatchTypes {
  private readonly handlers = new Map<string, BatchHandler>();

  /** @throws Error for a kind that another edge takes already. */
  add<Report extends object>(type: BatchType, dto: Type<Report>, take: Take<Report>, status = 200): void {
    if (this.handlers.has(type)) throw new Error(`Two edges take ${type} from a batch.`);
    this.handlers.set(type, { dto, status, take: (report, ...rest) => take(requireInstance(report, dto), ...rest) });
  }

  find(type: string): BatchHandler | undefined {
    return this.handlers.get(type);
  }

  get names(): readonly string[] {
    return [...this.handlers.keys()];
  }
}

/** Validation makes an instance of the DTO; nothing else reaches a handler. */
function requireInstance<Report extends object>(report: object, dto: Type<Report>): Report {
  if (report instanceof dto) return report;
  throw new TypeError(`A report is no ${dto.name}.`);
}
