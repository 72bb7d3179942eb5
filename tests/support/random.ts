/** Random numbers of tests and of the conformance kit are drawn alike. */
export { createRandom } from '../../core/commands/conformance/random.ts'
