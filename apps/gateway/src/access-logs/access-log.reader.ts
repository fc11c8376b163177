import { Injectable } from '@nestjs/common';
import { type AccessLogDto, type AccessLogFilter, type AccessLogPage, BEACONS_REQUESTS } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { type Part, wholePage } from '../entities/whole.page.js';

/** Logs that are asked for at once; the reply's size limit is reached first. */
const WALK_LIMIT = 1_000;

/** Asks for access logs, a page after the other. */
@Injectable()
export class AccessLogReader {
  constructor(private readonly rpc: RpcClient) {}

  page(
    filter: AccessLogFilter,
    page: { readonly limit: number; readonly after?: string },
  ): Promise<Part<AccessLogDto>> {
    return wholePage(page, async (limit, after) => {
      const { logs, next } = await this.ask(filter, limit, after);
      return { items: logs, next };
    });
  }

  /** All logs of a filter, newest first. The first page is asked for before this returns. */
  async walk(filter: AccessLogFilter): Promise<AsyncGenerator<readonly AccessLogDto[]>> {
    return this.pagesFrom(filter, await this.ask(filter, WALK_LIMIT, undefined));
  }

  private async *pagesFrom(filter: AccessLogFilter, first: AccessLogPage): AsyncGenerator<readonly AccessLogDto[]> {
    let page = first;
    yield page.logs;
    while (page.next !== null) {
      page = await this.ask(filter, WALK_LIMIT, page.next);
      yield page.logs;
    }
  }

  private ask(filter: AccessLogFilter, limit: number, after: string | undefined): Promise<AccessLogPage> {
    return this.rpc.ask(BEACONS_REQUESTS.searchLogs, { ...filter, limit, ...(after === undefined ? {} : { after }) });
  }
}
