/** Buttons, fields and what opens. */
import { useState, type ReactNode } from "react";
import { Problem } from "../src/api/problem";
import {
  Button,
  Checkbox,
  Choice,
  Combo,
  Confirm,
  CopyButton,
  Dialog,
  FileDrop,
  Form,
  FormActions,
  Menu,
  NumberField,
  Select,
  Switch,
  Tabs,
  TextField,
  toast,
  Toggle,
  type Option,
} from "../src/forms";
import { Panel } from "../src/states";

const SITES: readonly Option[] = [
  { value: "berlin-1", label: "Berlin 1", detail: "Office, 42 rooms" },
  { value: "munich-2", label: "Munich 2", detail: "Battery park" },
  { value: "lisbon-3", label: "Lisbon 3" },
  { value: "closed", label: "Closed", isDisabled: true },
];
const MANY: readonly Option[] = Array.from({ length: 500 }, (_, n) => ({ value: `s${n}`, label: `Sensor ${n}`, detail: `Room ${n % 40}` }));
const REFUSED = new Problem(400, {
  title: "The site was refused",
  detail: "Two fields are wrong.",
  hint: "Names are unique within a tenant.",
  errors: [
    { pointer: "#/name", detail: "There is a site of this name already." },
    { pointer: "#/owner", detail: "The owner is unknown." },
  ],
});

async function later(text: string, signal: AbortSignal): Promise<readonly Option[]> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (text === "fail" && !signal.aborted) throw new Error("refused");
  return MANY.filter((option) => option.label.includes(text)).slice(0, 20);
}

const nothing = () => undefined;

export function FormsGallery(): ReactNode {
  return (
    <>
      <Buttons />
      <Fields />
      <Refused />
      <Panel title="Tabs">
        <Tabs
          label="Views of a battery"
          items={[
            { id: "now", label: "Now", content: "What it does now" },
            { id: "health", label: "Health", count: "3", content: "How well it is" },
            { id: "history", label: "History", content: "What it did" },
            { id: "notes", label: "Notes and documents", content: "What people wrote" },
          ]}
        />
      </Panel>
      <Panel title="Files">
        <FileDrop label="Drop a CSV file here" description="Up to 10 MB" accept={[".csv", "text/csv"]} maxBytes={10_000_000} onFiles={nothing} />
      </Panel>
    </>
  );
}

function Buttons(): ReactNode {
  const [open, setOpen] = useState<"dialog" | "confirm" | null>(null);
  const close = () => setOpen(null);
  return (
    <Panel title="Buttons and what they open" help="One primary button per view. This text unfolds behind the question mark.">
      <div style={{ display: "flex", flexWrap: "wrap", gap: "var(--space-2)" }}>
        <Button tone="primary">Primary</Button>
        <Button>Normal</Button>
        <Button tone="quiet">Quiet</Button>
        <Button tone="danger">Danger</Button>
        <Button isDisabled>Disabled</Button>
        <Button isPending>Pending</Button>
        <Button icon="plus" aria-label="Add" />
        <Toggle icon="columns" defaultSelected>
          Pressed
        </Toggle>
        <CopyButton text="copied text" />
        <CopyButton text="copied text" iconOnly label="Copy the text" />
        <Menu
          label="Menu"
          items={[
            { id: "open", label: "Open", icon: "link", run: nothing },
            { id: "csv", label: "CSV", detail: "12 rows", run: nothing },
            { id: "off", label: "Not now", isDisabled: true, run: nothing },
            { id: "delete", label: "Delete", tone: "danger", run: nothing },
          ]}
        />
        <Button onPress={() => setOpen("dialog")}>Dialog</Button>
        <Button onPress={() => setOpen("confirm")}>Confirm</Button>
        <Button onPress={() => toast({ title: "Saved", detail: "Berlin 1 has a new name" })}>Toast</Button>
        <Button onPress={() => toast({ tone: "bad", title: "Not saved", detail: "The platform is full", action: { label: "Retry", run: nothing } })}>
          Bad toast
        </Button>
      </div>
      <Dialog title="A dialog" isOpen={open === "dialog"} onClose={close} footer={<Button onPress={close}>Done</Button>}>
        <TextField label="Name" defaultValue="Berlin 1" />
      </Dialog>
      <Confirm title="Delete Berlin 1?" isOpen={open === "confirm"} onClose={close} onConfirm={close} action="Delete site">
        Its 42 rooms are no longer listed. Readings stay until their retention ends.
      </Confirm>
    </Panel>
  );
}

function Fields(): ReactNode {
  const [site, setSite] = useState<string | null>("berlin-1");
  const [clock, setClock] = useState<string>("site");
  const [sensor, setSensor] = useState<string | null>(null);
  return (
    <Panel title="Fields">
      <div style={{ display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 16rem), 1fr))", gap: "var(--space-4)" }}>
        <TextField label="Name" description="As people call it" help="A longer text, in place." placeholder="Berlin 1" />
        <TextField label="Wrong" defaultValue="x" isInvalid errorMessage="At least three letters." />
        <TextField label="Disabled" defaultValue="fixed" isDisabled />
        <TextField label="Note" rows={3} />
        <TextField label="Query" isCode defaultValue="mean(power_w) by site" />
        <NumberField label="Limit" unit="kW" defaultValue={42.5} />
        <Select label="Site" options={SITES} value={site} onChange={setSite} />
        <Combo label="Sensor" options={MANY} value={sensor} onChange={setSensor} placeholder="Type to search" />
        <Combo label="Sensor, asked for" options={later} value={sensor} onChange={setSensor} />
        <Choice
          label="Clock"
          value={clock}
          onChange={setClock}
          options={[
            { value: "site", label: "Site", detail: "Berlin" },
            { value: "mine", label: "Mine" },
            { value: "utc", label: "UTC" },
          ]}
        />
        <div>
          <Switch defaultSelected description="Moves on with the clock">
            Live
          </Switch>
          <Switch>Off</Switch>
          <div>
            <Checkbox defaultSelected>Chosen</Checkbox>
          <Checkbox isIndeterminate>Some of them</Checkbox>
          <Checkbox isDisabled>Disabled</Checkbox>
          </div>
        </div>
      </div>
    </Panel>
  );
}

function Refused(): ReactNode {
  return (
    <Panel title="A form that was refused">
      <Form label="Site" problem={REFUSED} onSubmit={nothing}>
        <TextField name="name" label="Name" defaultValue="Berlin 1" isRequired />
        <TextField name="zone" label="Time zone" defaultValue="Europe/Berlin" />
        <FormActions>
          <Button>Cancel</Button>
          <Button type="submit" tone="primary">
            Save
          </Button>
        </FormActions>
      </Form>
    </Panel>
  );
}
