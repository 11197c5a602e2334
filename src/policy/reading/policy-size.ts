/** Characters without white space, as IAM counts them against its quotas. */
export function policySize(text: string): number {
  return text.replaceAll(/\s/g, '').length
}

/**
 * The most characters of a document (IAM User Guide, "IAM and AWS STS quotas"; ECR and Organizations API). White space
 * does not count, but in `session`, `repository` and `registry`, whose shapes bound the text itself. All inline
 * policies of one owner count together.
 */
export const policyLimits = {
  managed: 6144,
  inlineOfUser: 2048,
  inlineOfGroup: 5120,
  inlineOfRole: 10_240,
  trust: 2048,
  trustByQuota: 4096,
  session: 2048,
  repository: 10_240,
  registry: 10_240,
  scp: 5120,
  rcp: 5120,
} as const
