/**
 * Amazon States Language documents as plain data: the JSONPath dialect, in the subset that AWS Step Functions and the
 * embedded backend run alike (https://states-language.net/spec.html). What is not typed here, the embedded backend refuses.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `$.a.b`, `$.a[0]`, `$['a b']`, or the same from the context object: `$$.Execution.Name`. No wildcard, slice or filter. */
export type Path = string;

/** A JSON object in which the value of a key `NAME.$` is a path or an intrinsic function: `"States.Format('{}-1', $.name)"`. */
export type Parameters = { readonly [key: string]: Json };

export interface StateMachine extends Branch {
  readonly Comment?: string;
  /** Ends the execution as TIMED_OUT. */
  readonly TimeoutSeconds?: number;
}

/** A flow of states of its own: the whole machine, or a branch of a Parallel state. */
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
  /** The part of the state's input that it sees. null: {}. */
  readonly InputPath?: Path | null;
  /** The part of the result that goes on to the next state. null: {}. */
  readonly OutputPath?: Path | null;
}

type Then = { readonly Next: string } | { readonly End: true };

interface Results {
  /** Where the result goes in the state's input: `$` (the default) in its place, `$.a.b` into it, null nowhere. */
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
  /** How often it is tried again. 0: never. @default 3 */
  readonly MaxAttempts?: number;
  /** The interval grows by this factor with every attempt. @default 2 */
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  /** FULL: wait a random time between 0 and the interval. @default NONE */
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

/** The first catcher with the error's name (or States.ALL, last) goes on with {Error, Cause}, put where ResultPath says. */
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
    /** Makes the result from what the task answered. */
    readonly ResultSelector?: Parameters;
    /** After these seconds the task fails with States.Timeout. @default 99999999 */
    readonly TimeoutSeconds?: number;
    /** Where the number of seconds is, instead of TimeoutSeconds. */
    readonly TimeoutSecondsPath?: Path;
  };

/** Hands on its input, its Parameters or its Result. */
export type PassState = Common &
  Results &
  Then & {
    readonly Type: 'Pass';
    readonly Parameters?: Parameters;
    readonly Result?: Json;
  };

export type WaitState = Common &
  Then & { readonly Type: 'Wait' } & ({ readonly Seconds: number } | { readonly SecondsPath: Path });

/** Runs all branches on the same input; its result is the array of their outputs. One that fails stops the others. */
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
  /** The first that holds decides. */
  readonly Choices: readonly (Rule & { readonly Next: string })[];
  /** Without it, an input that no choice matches fails with States.NoChoiceMatched. */
  readonly Default?: string;
}

export type Rule =
  | { readonly And: readonly Rule[] }
  | { readonly Or: readonly Rule[] }
  | { readonly Not: Rule }
  | Comparison;

/** One comparison of one value. A value of another type than the operator's does not match; a path to nothing is an error. */
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

/** Fails the execution, or in a branch the Parallel state around it. */
export interface FailState {
  readonly Type: 'Fail';
  readonly Comment?: string;
  readonly Error?: string;
  readonly Cause?: string;
  /** A path or an intrinsic function, as for CausePath. */
  readonly ErrorPath?: string;
  readonly CausePath?: string;
}
