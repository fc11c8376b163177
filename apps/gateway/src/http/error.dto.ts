import { ApiProperty } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode, type ErrorDetails } from '#libs/contracts';

class ErrorContent {
  @ApiProperty({ enum: Object.keys(ERROR_CODES), enumName: 'ErrorCode' })
  code!: ErrorCode;

  @ApiProperty({ example: 'There is no robot "RB-001".' })
  message!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { robotId: 'RB-001' } })
  details!: ErrorDetails;

  @ApiProperty({ format: 'date-time' })
  timestamp!: string;

  @ApiProperty({ example: 'req-001', description: 'Also in the answer’s X-Request-ID; the log has it.' })
  request_id!: string;
}

/** The body of every error (orchestrators.txt 9.1). */
export class ErrorResponse {
  @ApiProperty({ type: ErrorContent })
  error!: ErrorContent;
}
