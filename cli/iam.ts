// The command line as a client of IAM: what its commands share.
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  IAMClient,
} from '@aws-sdk/client-iam'
import type { Command } from 'commander'
import { exitCodes, explain, Failure } from './failure.ts'
import { say } from './output.ts'
import { clientSettings } from './session.ts'
import { configOf } from './settings.ts'

/** Talks to the server that openSession talks to; errors come in a person's words. */
export async function askIam<T>(work: (iam: IAMClient) => Promise<T>): Promise<T> {
  const { settings, name } = clientSettings(configOf({}))
  const iam = new IAMClient(settings)
  try {
    return await work(iam)
  } catch (error) {
    throw explain(error, name)
  } finally {
    iam.destroy()
  }
}

/** All pages of a list. */
export async function gather<Page extends { readonly Marker?: string | undefined }, T>(
  read: (marker: { readonly Marker?: string }) => Promise<Page>,
  entries: (page: Page) => readonly T[] | undefined,
): Promise<readonly T[]> {
  const all: T[] = []
  let marker: string | undefined
  do {
    const page = await read(marker === undefined ? {} : { Marker: marker })
    all.push(...(entries(page) ?? []))
    marker = page.Marker
  } while (marker !== undefined)
  return all
}

const changes = {
  attach: {
    user: async (iam: IAMClient, name: string, arn: string): Promise<unknown> =>
      iam.send(new AttachUserPolicyCommand({ UserName: name, PolicyArn: arn })),
    group: async (iam: IAMClient, name: string, arn: string): Promise<unknown> =>
      iam.send(new AttachGroupPolicyCommand({ GroupName: name, PolicyArn: arn })),
    role: async (iam: IAMClient, name: string, arn: string): Promise<unknown> =>
      iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: arn })),
  },
  detach: {
    user: async (iam: IAMClient, name: string, arn: string): Promise<unknown> =>
      iam.send(new DetachUserPolicyCommand({ UserName: name, PolicyArn: arn })),
    group: async (iam: IAMClient, name: string, arn: string): Promise<unknown> =>
      iam.send(new DetachGroupPolicyCommand({ GroupName: name, PolicyArn: arn })),
    role: async (iam: IAMClient, name: string, arn: string): Promise<unknown> =>
      iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn: arn })),
  },
} as const

/** `attach` and `detach` of managed policies. */
export function addAttachVerbs(parent: Command, kind: keyof typeof changes.attach): void {
  const example = (verb: string): string =>
    `\nExample:\n  pratique ${kind} ${verb} NAME AmazonEC2ContainerRegistryReadOnly\n\n${exitHelp(`${verb}ed`)}`
  parent
    .command('attach <name> <policy>')
    .description('Give it a managed policy: its ARN, or the name of one of AWS’s own.')
    .addHelpText('after', example('attach'))
    .action(async (name: string, policy: string) => {
      const arn = policyArn(policy)
      await askIam((iam) => changes.attach[kind](iam, name, arn))
      say(`${kind} ${name}: ${arn} attached`)
    })
  parent
    .command('detach <name> <policy>')
    .description('Take a managed policy away.')
    .addHelpText('after', example('detach'))
    .action(async (name: string, policy: string) => {
      const arn = policyArn(policy)
      await askIam((iam) => changes.detach[kind](iam, name, arn))
      say(`${kind} ${name}: ${arn} detached`)
    })
}

function policyArn(text: string): string {
  return text.startsWith('arn:') ? text : `arn:aws:iam::aws:policy/${text}`
}

export function exitHelp(done: string): string {
  return `Exit codes: 0 ${done}, 1 failed, 2 nonsense, 4 not allowed, 5 not there.`
}

/** `--tag key=value`, any number of times. */
export function tagsOf(
  texts: readonly string[] = [],
): readonly { readonly Key: string; readonly Value: string }[] {
  return texts.map((text) => {
    const mark = text.indexOf('=')
    if (mark > 0) return { Key: text.slice(0, mark), Value: text.slice(mark + 1) }
    throw new Failure(exitCodes.usage, `${JSON.stringify(text)} is not a tag`, 'write KEY=VALUE')
  })
}

/** What commander collects of an option that may be repeated. */
export function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
