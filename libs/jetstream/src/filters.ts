import { Catch, Logger, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { MusterError } from '#libs/contracts';
import type { IsTransient } from './settlement.js';

/** Hands a JetStream handler's error to the settlement as it was thrown. */
@Catch()
export class PassThroughFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Turns what a responder throws into the error object that travels back: code, message, details. */
@Catch()
export class RpcErrorFilter implements RpcExceptionFilter {
  private readonly logger = new Logger('Rpc');

  constructor(private readonly isTransient: IsTransient) {}

  catch(error: unknown): Observable<never> {
    const { code, message, details } = error instanceof MusterError ? error : this.hide(error);
    return throwError(() => ({ code, message, details }));
  }

  /** What nobody planned shows nothing of its text; whether it will pass is worth knowing. */
  private hide(error: unknown): MusterError {
    if (this.isTransient(error)) {
      this.logger.warn({ event: 'request_not_served', error });
      return new MusterError('SERVICE_UNAVAILABLE', 'What the service depends on is away; try again shortly.');
    }
    this.logger.error({ event: 'request_failed', error });
    return new MusterError('INTERNAL_ERROR', 'The request failed inside the service.');
  }
}
