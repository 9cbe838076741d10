#!/usr/bin/env bash
# The shipped detector again, from the photos in DATA (first argument) into OUT (second): `make detector`.
# From the environment: SCENES, SEED, STEPS, RATE and START (a network to go on from instead of the COCO weights) for the
# first look; CLOSEUP_SEEDS, CLOSEUP_SCENES (of each seed), EPOCHS, REFINER_RATE and REFINER_START for the second one.
# models/detector.md says which made the shipped files.
set -euo pipefail
data=${1:?the folder of the training data}
out=${2:?the folder for the results}
convert=.venv-converter/bin/autovelox-convert
labels=(--labels "$data/detect/boxes.csv" --images "$data/detect/images")
corrections=()
for file in converter/data/*labels*.csv; do
  corrections+=(--corrections "$file")
done

for given in "${START:-}" "${REFINER_START:-}"; do
  if [[ -n "$given" && ! -e "$given/checkpoint" ]]; then
    echo "$given has no checkpoint to go on from: make checkpoints gets the released ones into build/checkpoints" >&2
    exit 1
  fi
done

squeezed=(--squeezed experiment_plates=1.6 --squeezed roboflow_useu=1.6)
size=384x288 # of a scene; the network is exported for wider photos
start=(--tfjs build/weights/package/models/coco-ssd)
if [[ -n "${START:-}" ]]; then
  start=(--start "$START")
fi

"$convert" dataset "${labels[@]}" --use train "${corrections[@]}" --fonts "$data/fonts" \
  "${squeezed[@]}" --size "$size" --validation-share 0.04 --scenes "${SCENES:-14000}" --seed "${SEED:-37}" --out "$out/dataset" --preview "$out/scenes.jpg"
"$convert" train --dataset "$out/dataset" --out "$out/training" --steps "${STEPS:-10000}" \
  --rate "${RATE:-0.02}" --size "$size" --freeze 3 "${start[@]}"
"$convert" export --training "$out/training" --out "$out/export" --size 448x256
"$convert" quantize --export "$out/export" --dataset "$out/dataset" --out "$out/first" --kinds int8 "${labels[@]}" --use measure

# The second look learns from what the first one proposes.
closeups=(--closeups)
for seed in ${CLOSEUP_SEEDS:-101 202}; do
  "$convert" refiner harvest --dataset "$out/dataset" --detector "$out/first/detector_int8.tflite" --fonts "$data/fonts" \
    "${squeezed[@]}" --scenes "${CLOSEUP_SCENES:-10000}" --seed "$seed" --out "$out/closeups-$seed"
  closeups+=("$out/closeups-$seed")
done
"$convert" refiner train "${closeups[@]}" --out "$out/refiner" --epochs "${EPOCHS:-6}" --rate "${REFINER_RATE:-0.0015}" \
  ${REFINER_START:+--start "$REFINER_START"}
"$convert" refiner export "${closeups[@]}" --training "$out/refiner" --out "$out/refiner-tflite"
"$convert" quantize --export "$out/export" --dataset "$out/dataset" --refiner "$out/refiner-tflite" --threshold 0.45 --out "$out/tflite" \
  "${labels[@]}" --use measure
echo "Copy detector_int8 and refiner_int8 (.tflite and .json) of $out/tflite to models/ to ship them."
