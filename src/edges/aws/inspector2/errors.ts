// Purpose:  spell refusals as the Inspector API does.
// Spec:     Amazon Inspector2 API Reference, "Common Errors" and the exceptions of its model.
// Input:    a room's error, or one that only this API has.
// Deviates: nothing.
// Unknowns: an error of no room is not spelled here; the dispatcher answers InternalServerException.
import { PratiqueError } from '../../../lib/errors.ts'
import { isRegistryError } from '../../../registry/errors.ts'
import { isScanningError } from '../../../scanning/errors.ts'
import type { AwsError } from '../protocol/aws-error.ts'
import { restValidation } from '../protocol/rest-protocol.ts'

type InspectorError = PratiqueError<'INSPECTOR_EXCEPTION'>

function inspectorError(error: AwsError): InspectorError {
  const { name, status, message, members = {} } = error
  return new PratiqueError('INSPECTOR_EXCEPTION', message, { name, status, members })
}

/** What the model cannot say of a member. */
export function invalidField(name: string, message: string): InspectorError {
  return inspectorError(
    restValidation(`Invalid ${name}: ${message}`, {
      reason: 'FIELD_VALIDATION_FAILED',
      fields: [{ name, message }],
    }),
  )
}

export function notFound(message: string): InspectorError {
  return inspectorError({ name: 'ResourceNotFoundException', status: 404, message })
}

export function badRequest(message: string): InspectorError {
  return inspectorError({ name: 'BadRequestException', status: 400, message })
}

export function accessDenied(message: string): InspectorError {
  return inspectorError({ name: 'AccessDeniedException', status: 403, message })
}

export function spellInspectorError(error: unknown): AwsError | undefined {
  if (error instanceof PratiqueError && error.code === 'INSPECTOR_EXCEPTION') {
    const { name, status, members } = error.detail
    return {
      name: String(name),
      status: Number(status),
      message: error.message,
      members: typeof members === 'object' && members !== null ? { ...members } : {},
    }
  }
  if (isScanningError(error)) return spellRoom(error)
  if (isRegistryError(error)) return { ...restValidation(error.message, { reason: 'OTHER' }) }
  return undefined
}

function spellRoom({ code, message }: PratiqueError): AwsError {
  switch (code) {
    // Clients ask again by themselves, with growing pauses.
    case 'INDEX_PENDING':
      return { name: 'ThrottlingException', status: 429, message, headers: { 'retry-after': '1' } }
    case 'EXPORTS_TOO_MANY':
      return { name: 'ThrottlingException', status: 429, message }
    case 'EXPORT_UNKNOWN':
    case 'FILTER_UNKNOWN':
      return { name: 'ResourceNotFoundException', status: 404, message }
    case 'FILTER_NAME_TAKEN':
    case 'FILTER_TAGS_TOO_MANY':
      return { name: 'BadRequestException', status: 400, message }
    case 'FILTERS_TOO_MANY': {
      const members = { resourceId: 'filters' }
      return { name: 'ServiceQuotaExceededException', status: 402, message, members }
    }
    default:
      return { ...restValidation(message, { reason: 'OTHER' }) }
  }
}
