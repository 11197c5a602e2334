// Asks the server everything that the model can be asked.
import type { Client } from './client.ts'
import {
  absent,
  digestOf,
  factsOf,
  keyOf,
  questionsAbout,
  whole,
  type Facts,
  type Question,
  type State,
} from './model.ts'

/** The answers of the server to the questions about all these states. */
export async function observe(client: Client, universe: readonly State[]): Promise<Facts> {
  const facts = new Map<string, string>()
  const questions = questionsAbout(universe)
  for (let at = 0; at < questions.length; at += 8) {
    const batch = questions.slice(at, at + 8)
    const answers = await Promise.all(batch.map((question) => answerTo(client, question)))
    for (const [index, question] of batch.entries())
      facts.set(keyOf(question), answers[index] ?? '')
  }
  return facts
}

async function answerTo(client: Client, question: Question): Promise<string> {
  const { repository, about, name } = question
  const get = (path: string) => client.ask({ method: 'GET', path })
  switch (about) {
    case 'tags': {
      const { status, body } = await get(`/v2/${repository}/tags/list`)
      if (status !== 200) return otherThan200(status)
      return (JSON.parse(body.toString()) as { tags: string[] }).tags.toSorted().join(' ')
    }
    case 'tag': {
      const { status, headers, body } = await get(`/v2/${repository}/manifests/${name}`)
      if (status !== 200) return otherThan200(status)
      const digest = digestOf(body)
      return digest === headers.get('docker-content-digest') ? digest : 'bytes of another digest'
    }
    case 'manifest':
    case 'blob': {
      const { status, body } = await get(`/v2/${repository}/${about}s/${name}`)
      if (status !== 200) return otherThan200(status)
      return digestOf(body) === name ? whole : 'bytes of another digest'
    }
    case 'referrers': {
      const { status, body } = await get(`/v2/${repository}/referrers/${name}`)
      if (status === 404) return ''
      if (status !== 200) return otherThan200(status)
      const { manifests } = JSON.parse(body.toString()) as { manifests: { digest: string }[] }
      return manifests
        .map(({ digest }) => digest)
        .toSorted()
        .join(' ')
    }
    case 'upload': {
      const { status, headers } = await get(name)
      if (status !== 204) return otherThan200(status)
      const end = Number(headers.get('range')?.split('-')[1] ?? Number.NaN)
      // Zero bytes and one are told in the same words.
      return end === 0 ? '0' : String(end + 1)
    }
  }
}

function otherThan200(status: number): string {
  return status === 404 ? absent : `status ${status}`
}

/** A list of which a part is done: what all promise is in it, and nothing that none does. */
function isBetween(question: string, answer: string, promised: readonly string[]): boolean {
  if (!/ (?:tags|referrers) /.test(question)) return false
  const lists = promised.map((list) => new Set(list.split(' ')))
  const members = new Set(answer.split(' '))
  const needed = [...(lists[0] ?? [])].filter((name) => lists.every((list) => list.has(name)))
  return (
    needed.every((name) => members.has(name)) &&
    [...members].every((name) => lists.some((list) => list.has(name)))
  )
}

export interface Judgement {
  /** The state that the server is in; undefined when it is in none. */
  readonly state: State | undefined
  readonly checked: number
  readonly violations: readonly string[]
}

/**
 * Whether the server is in one of the states, as a whole. `piecewise`: every fact may be of any of them, as a collection that was
 * stopped leaves it, and of a list every member.
 */
export function judge(seen: Facts, states: readonly State[], piecewise: boolean): Judgement {
  const promised = states.map((state) => factsOf(state, states))
  const checked = seen.size
  const differences = promised.map((facts) =>
    [...seen].filter(([question, answer]) => facts.get(question) !== answer),
  )
  const found = differences.findIndex((list) => list.length === 0)
  if (found !== -1) return { state: states[found], checked, violations: [] }
  const wrong = piecewise
    ? [...seen].filter(([question, answer]) => {
        const answers = promised.map((facts) => facts.get(question) ?? '')
        return !answers.includes(answer) && !isBetween(question, answer, answers)
      })
    : (differences.toSorted((a, b) => a.length - b.length)[0] ?? [])
  if (wrong.length === 0) return { state: states.at(-1), checked, violations: [] }
  const violations = wrong.map(([question, answer]) => {
    const allowed = [...new Set(promised.map((facts) => facts.get(question) ?? 'nothing'))]
    return `${question} is ${answer}; acknowledged was ${allowed.join(' or ')}`
  })
  return { state: undefined, checked, violations }
}
