// Purpose:  are all critical attributes of a signature understood, and is the plugin that it asks for one whose rules are here?
// Spec:     Notary Project plugin-extensibility.md, "Using a plugin for signature verification"; signature-specification.md, critical attributes.
// Input:    the attributes of an envelope whose signature is good.
// Deviates: plugins are never run: there are the rules of AWS Signer's, and no others.
// Unknowns: another plugin, or a newer version of that one → `unknown`, `plugin-required`.
import type { SignedAttributes } from './attributes.ts'
import {
  awsSignatureOf,
  awsSignerAttributes,
  awsSignerPlugin,
  awsSignerPluginVersion,
} from './aws-signer.ts'
import type { Finding } from './verdict.ts'
import type { Identification } from './verify-authenticity.ts'

export function judgeAttributes(attributes: SignedAttributes): Pick<Finding, 'detail' | 'failure'> {
  const { verificationPlugin: plugin, extended } = attributes
  if (plugin !== undefined && plugin !== awsSignerPlugin) {
    const detail = `the signature asks for the verification plugin ${JSON.stringify(plugin.slice(0, 200))}, and plugins are not run here`
    return { detail, failure: { result: 'unknown', reason: 'plugin-required' } }
  }
  const own: readonly (string | number)[] =
    plugin === undefined ? [] : Object.values(awsSignerAttributes)
  const unknown = [...extended].find(([name, { isCritical }]) => isCritical && !own.includes(name))
  if (unknown !== undefined) {
    const detail = `the critical attribute ${JSON.stringify(unknown[0]).slice(0, 200)} is not understood here`
    return { detail, failure: { result: 'invalid', reason: 'unknown-critical' } }
  }
  return plugin === undefined
    ? { detail: 'there is no critical attribute that is not understood' }
    : judgeAwsAttributes(attributes)
}

function judgeAwsAttributes(attributes: SignedAttributes): Pick<Finding, 'detail' | 'failure'> {
  const { scheme, verificationPluginMinVersion: version } = attributes
  if (version !== undefined && isNewer(version, awsSignerPluginVersion)) {
    const detail = `the signature asks for version ${version} of ${awsSignerPlugin}, and the rules here are of ${awsSignerPluginVersion}`
    return { detail, failure: { result: 'unknown', reason: 'plugin-required' } }
  }
  if (scheme !== 'notary.x509.signingAuthority') {
    const detail = `${awsSignerPlugin} is for the scheme notary.x509.signingAuthority, and the signature is of ${scheme}`
    return { detail, failure: { result: 'invalid', reason: 'unknown-critical' } }
  }
  if (awsSignatureOf(attributes) === undefined) {
    const detail =
      'the signature does not name its AWS Signer job and profile version as critical ARNs'
    return { detail, failure: { result: 'invalid', reason: 'unknown-critical' } }
  }
  return { detail: `verified by the rules of ${awsSignerPlugin}` }
}

/** By the three numbers; what comes after them makes no version newer. */
function isNewer(asked: string, own: string): boolean {
  const [one, other] = [asked, own].map((text) => text.split(/[-+]/, 1)[0]?.split('.').map(Number))
  for (const [index, number] of (one ?? []).entries()) {
    const known = other?.[index] ?? 0
    if (number !== known) return number > known
  }
  return false
}

/** How a signature with these attributes says who made it; `understood` is what was judged of them. */
export function identificationOf(
  attributes: SignedAttributes,
  understood: Pick<Finding, 'failure'>,
): Identification {
  if (understood.failure !== undefined) return { kind: 'unknown' }
  const aws = attributes.verificationPlugin === undefined ? undefined : awsSignatureOf(attributes)
  return aws === undefined ? { kind: 'subject' } : { kind: 'awsSigner', aws }
}
