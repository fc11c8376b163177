import { Catch, Logger, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { MusterError } from '#libs/contracts';

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

  catch(error: unknown): Observable<never> {
    if (error instanceof MusterError) {
      const { code, message, details } = error;
      return throwError(() => ({ code, message, details }));
    }
    this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return throwError(() => ({
      code: 'INTERNAL_ERROR',
      message: 'The request failed inside the service.',
      details: {},
    }));
  }
}
