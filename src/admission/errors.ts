import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room. */
export const admissionErrors = {
  ADMISSION_POLICY_INVALID: entry(
    'The admission policy cannot be accepted.',
    'Mend the document where the message says; docs/gate.md has its members.',
  ),
  ADMISSION_POLICY_UNKNOWN: entry(
    'The account has no admission policy of that name.',
    'Ask which there are: pratique admission policy list',
  ),
  ADMISSION_POLICIES_TOO_MANY: entry(
    'The account has as many admission policies as it may.',
    'Delete one that nobody needs: pratique admission policy delete NAME',
  ),
  ADMISSION_POLICY_NAMED: entry(
    'A cluster is bound to the policy.',
    'Bind the cluster to other policies first: with this one gone, its images would be judged by less.',
  ),
  CLUSTER_INVALID: entry(
    'The cluster cannot be registered so.',
    'Mend what the message names; docs/admission.md has what a cluster is described by.',
  ),
  CLUSTER_EXISTS: entry(
    'The account has a cluster of that name.',
    'Choose another name, or take that one away: pratique cluster delete NAME',
  ),
  CLUSTER_UNKNOWN: entry(
    'The account has no cluster of that name.',
    'Ask which there are: pratique cluster list',
  ),
  CLUSTER_REPORT_INVALID: entry(
    'What the cluster says that it runs cannot be read.',
    'Mend what the message names, or let the command line write it: pratique cluster report',
  ),
  CLUSTERS_TOO_MANY: entry(
    'The account has as many clusters as it may.',
    'Take away those that are gone: pratique cluster delete NAME',
  ),
} as const

export type AdmissionErrorCode = keyof typeof admissionErrors

export function admissionError(
  code: AdmissionErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): PratiqueError<AdmissionErrorCode> {
  return new PratiqueError(code, message, detail)
}

export function isAdmissionError(error: unknown): error is PratiqueError<AdmissionErrorCode> {
  return error instanceof PratiqueError && error.code in admissionErrors
}
