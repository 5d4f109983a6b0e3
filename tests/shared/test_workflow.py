from shared.workflow import Setup


def test_a_folder_with_a_space_stays_one_argument():
    setup = Setup("cpu", "path:/my models/one", [])
    assert setup.arguments == "--scale cpu --model 'path:/my models/one'"
    assert Setup("gpu", None, []).arguments == "--scale gpu"
    assert setup.run_name == "cpu+path-my-models-one"
