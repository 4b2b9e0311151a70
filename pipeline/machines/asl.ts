/**
 * Amazon States Language documents as plain data: the JSONPath dialect, in the subset that AWS Step Functions and the
 * embedded backend run alike (https://states-language.net/spec.html). The embedded backend refuses any other field.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `$.a.b`, `$.a[0]`, `$['a b']`, or from the context object `$$.Execution.Name`. No wildcard, slice or filter. */
export type Path = string;

/** A JSON object. The value of a key `NAME.$` is a path or an intrinsic function: `"States.Format('{}-1', $.name)"`. */
export type Parameters = { readonly [key: string]: Json };

export interface StateMachine extends Branch {
  readonly Comment?: string;
  /** Ends the execution as TIMED_OUT. */
  readonly TimeoutSeconds?: number;
}

/** A flow of states: the whole machine, or a branch of a Parallel state. */
export interface Branch {
  readonly StartAt: string;
  /** Names are unique over the whole document, branches included. */
  readonly States: States;
}

export type State =
  | TaskState
  | PassState
  | ChoiceState
  | WaitState
  | ParallelState
  | SucceedState
  | FailState;

export type States = Readonly<Record<string, State>>;

interface Common {
  readonly Comment?: string;
  /** The part of its input that the state sees. null: {}. */
  readonly InputPath?: Path | null;
  /** The part of the result that the next state gets. null: {}. */
  readonly OutputPath?: Path | null;
}

type Then = { readonly Next: string } | { readonly End: true };

interface Results {
  /** Place of the result: `$` (the default) replaces the state's input, `$.a.b` adds to it, null discards it. */
  readonly ResultPath?: string | null;
}

interface Failures {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  /** @default 1 */
  readonly IntervalSeconds?: number;
  /** Number of retries. 0: none. @default 3 */
  readonly MaxAttempts?: number;
  /** The interval grows by this factor with every attempt. @default 2 */
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  /** FULL: wait a random time between 0 and the interval. @default NONE */
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

/** The first catcher with the error's name (or States.ALL, last) puts {Error, Cause} at ResultPath and goes on. */
export interface Catcher {
  readonly Comment?: string;
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string | null;
}

/** A function, a job or a service call, named by its resource. */
export type TaskState = Common &
  Results &
  Failures &
  Then & {
    readonly Type: 'Task';
    /** The ARN of the function or of the service integration: `arn:aws:states:::sagemaker:createTrainingJob.sync`. */
    readonly Resource: string;
    readonly Parameters?: Parameters;
    /** Makes the result from the task's output. */
    readonly ResultSelector?: Parameters;
    /** After these seconds the task fails with States.Timeout. @default 99999999 */
    readonly TimeoutSeconds?: number;
    /** Path of the number of seconds; replaces TimeoutSeconds. */
    readonly TimeoutSecondsPath?: Path;
  };

/** Passes on its input, its Parameters or its Result. */
export type PassState = Common &
  Results &
  Then & {
    readonly Type: 'Pass';
    readonly Parameters?: Parameters;
    readonly Result?: Json;
  };

export type WaitState = Common &
  Then & { readonly Type: 'Wait' } & ({ readonly Seconds: number } | { readonly SecondsPath: Path });

/** Runs all branches on the same input; its result is the array of their outputs. A failed branch stops the others. */
export type ParallelState = Common &
  Results &
  Failures &
  Then & {
    readonly Type: 'Parallel';
    readonly Branches: readonly Branch[];
    readonly Parameters?: Parameters;
    readonly ResultSelector?: Parameters;
  };

export interface ChoiceState {
  readonly Type: 'Choice';
  readonly Comment?: string;
  /** The first rule that matches decides. */
  readonly Choices: readonly (Rule & { readonly Next: string })[];
  /** Without it, an input that no rule matches fails with States.NoChoiceMatched. */
  readonly Default?: string;
}

export type Rule =
  | { readonly And: readonly Rule[] }
  | { readonly Or: readonly Rule[] }
  | { readonly Not: Rule }
  | Comparison;

/** A comparison of one value. A value of another type than the operator's does not match; a missing one is an error. */
export type Comparison = { readonly Variable: Path } & OneOf<
  Record<`String${Order}`, string> &
    Record<`Numeric${Order}`, number> &
    Record<`String${Order}Path` | `Numeric${Order}Path` | 'BooleanEqualsPath', Path> &
    Record<'BooleanEquals' | 'IsPresent' | 'IsNull' | 'IsString' | 'IsNumeric' | 'IsBoolean', boolean> & {
      /** `*` stands for any characters, `\\*` for a star. */
      readonly StringMatches: string;
    }
>;

type Order = 'Equals' | 'LessThan' | 'GreaterThan' | 'LessThanEquals' | 'GreaterThanEquals';

type OneOf<Operators> = {
  [Name in keyof Operators]: { readonly [Key in Name]: Operators[Key] };
}[keyof Operators];

/** Ends its flow: the machine or the branch. */
export type SucceedState = Common & { readonly Type: 'Succeed' };

/** Fails the execution; in a branch, fails the Parallel state around it. */
export interface FailState {
  readonly Type: 'Fail';
  readonly Comment?: string;
  readonly Error?: string;
  readonly Cause?: string;
  /** A path or an intrinsic function, as for CausePath. */
  readonly ErrorPath?: string;
  readonly CausePath?: string;
}
